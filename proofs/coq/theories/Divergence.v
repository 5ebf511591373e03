(** The divergence between two responses, of first and of second order (C2, C4; proofs/response-bounds.md).

    [p] is the response to [q], [delta] the change of the action values less its mean under [p]. *)
From Coq Require Import Reals List Lra Psatz.
From ExactQSE Require Import Sums Gibbs ResponseBounds.
Import ListNotations.
Open Scope R_scope.

(** exp lies below its chord on [[low, high]]. *)
Lemma exp_chord low high z : low < high -> low <= z <= high ->
  exp z * (high - low) <= (high - z) * exp low + (z - low) * exp high.
Proof.
  intros H Hz. pose proof (exp_tangent z low) as T1. pose proof (exp_tangent z high) as T2.
  apply Rmult_le_compat_l with (r := high - z) in T1; [|lra].
  apply Rmult_le_compat_l with (r := z - low) in T2; [|lra].
  nra.
Qed.

(** A function on [[0, x]] whose derivative is nonnegative does not fall. *)
Lemma nondecreasing f f' x : 0 <= x -> (forall c, 0 <= c <= x -> derivable_pt_lim f c (f' c)) ->
  (forall c, 0 <= c <= x -> 0 <= f' c) -> f 0 <= f x.
Proof.
  intros [Hx|<-] Hd Hf; [|lra].
  destruct (MVT_cor2 f f' 0 x Hx Hd) as (c & E & Hc).
  assert (0 <= f' c * (x - 0)) by (apply Rmult_le_pos; [apply Hf|]; lra). lra.
Qed.

Lemma derivable_exp_scaled c k z : derivable_pt_lim (fun z => c + k * exp z) z (k * exp z).
Proof.
  replace (k * exp z) with (0 + k * exp z) by ring.
  apply (derivable_pt_lim_plus (fun _ => c) (fun z => k * exp z)); [apply derivable_pt_lim_const|].
  apply (derivable_pt_lim_scal exp k), derivable_pt_lim_exp.
Qed.

Lemma derivable_linear k z : derivable_pt_lim (fun z => k * z) z k.
Proof.
  pose proof (derivable_pt_lim_scal id k z 1 (derivable_pt_lim_id z)) as H.
  rewrite Rmult_1_r in H. exact H.
Qed.

Lemma derivable_square k z : derivable_pt_lim (fun z => k * (z * z)) z (k * (2 * z)).
Proof.
  apply (derivable_pt_lim_scal (fun z => z * z) k).
  replace (2 * z) with (1 * z + z * 1) by ring.
  apply (derivable_pt_lim_mult id id); apply derivable_pt_lim_id.
Qed.

(** [e^t <= 1 + t + t^2 e^t / 2]. *)
Lemma exp_second_order t : 0 <= t -> exp t <= 1 + t + t * t * exp t / 2.
Proof.
  intros Ht.
  pose proof (nondecreasing (fun t => (1 + (-1) * exp t) + (1 * t + (1 / 2 * (t * t)) * exp t))
    (fun t => (-1) * exp t + (1 + ((1 / 2 * (2 * t)) * exp t + (1 / 2 * (t * t)) * exp t))) t Ht) as N.
  cbv beta in N. rewrite exp_0 in N.
  assert (0 <= 1 + -1 * exp t + (1 * t + 1 / 2 * (t * t) * exp t)); [|lra].
  eapply Rle_trans; [|apply N].
  - lra.
  - intros c Hc. apply (derivable_pt_lim_plus (fun t => 1 + (-1) * exp t)); [apply derivable_exp_scaled|].
    apply (derivable_pt_lim_plus (fun t => 1 * t)); [apply derivable_linear|].
    apply (derivable_pt_lim_mult (fun t => 1 / 2 * (t * t)) exp); [apply derivable_square|apply derivable_pt_lim_exp].
  - intros c Hc. pose proof (exp_tangent c 0) as T. rewrite exp_0 in T. pose proof (exp_pos c).
    assert (0 <= c * c * exp c) by (apply Rmult_le_pos; nra). nra.
Qed.

(** Hoeffding's lemma for two points, and the sharp bound. *)
Lemma two_points p x : 0 <= p <= 1 -> 0 <= x -> ln (1 - p + p * exp x) - p * x <= x * x / 8.
Proof.
  intros Hp Hx.
  assert (Hpos : forall c, 0 < 1 - p + p * exp c).
  { intros c. pose proof (exp_pos c). destruct (Req_dec p 0) as [->|]; [lra|].
    assert (0 < p * exp c) by (apply Rmult_lt_0_compat; lra). lra. }
  pose proof (nondecreasing (fun x => (1 / 8 * (x * x) + p * x) - ln (1 - p + p * exp x))
    (fun x => (1 / 8 * (2 * x) + p) - / (1 - p + p * exp x) * (p * exp x)) x Hx) as N.
  cbv beta in N. rewrite exp_0 in N. replace (1 - p + p * 1) with 1 in N by ring. rewrite ln_1 in N.
  assert (0 <= 1 / 8 * (x * x) + p * x - ln (1 - p + p * exp x)); [|lra].
  eapply Rle_trans; [|apply N].
  - lra.
  - intros c Hc. apply (derivable_pt_lim_minus (fun x => 1 / 8 * (x * x) + p * x) (fun x => ln (1 - p + p * exp x))).
    + apply (derivable_pt_lim_plus (fun x => 1 / 8 * (x * x))); [apply derivable_square|apply derivable_linear].
    + apply (derivable_pt_lim_comp (fun x => 1 - p + p * exp x) ln); [apply derivable_exp_scaled|].
      apply derivable_pt_lim_ln, Hpos.
  - intros c Hc. set (k := exp (c / 2)).
    assert (Ek : exp c = k * k) by (unfold k; rewrite <- exp_plus; f_equal; field).
    assert (Hk : 1 <= k) by (unfold k; rewrite <- exp_0; apply exp_mono; lra).
    pose proof (tanh_half_le (c / 2) ltac:(lra)) as T. fold k in T.
    specialize (Hpos c). rewrite Ek in *. set (Z := 1 - p + p * (k * k)) in *.
    assert (/ Z * (p * (k * k)) - p <= (k - 1) / (k + 1)); [|lra].
    apply Rmult_le_reg_r with (Z * (k + 1)); [apply Rmult_lt_0_compat; lra|].
    replace ((/ Z * (p * (k * k)) - p) * (Z * (k + 1))) with ((p * (k * k) - p * Z) * (k + 1)) by (field; lra).
    replace ((k - 1) / (k + 1) * (Z * (k + 1))) with ((k - 1) * Z) by (field; lra).
    replace ((p * (k * k) - p * Z) * (k + 1)) with ((k - 1) * (p * (1 - p) * ((k + 1) * (k + 1))))
      by (unfold Z; ring).
    apply Rmult_le_compat_l; [lra|].
    pose proof (Rle_0_sqr (1 - p - p * k)). unfold Rsqr in H. unfold Z. nra.
Qed.

Definition divergence_curve (x : R) : R := ln ((exp x - 1) / x) - 1 + x / (exp x - 1).

Lemma two_points_sharp p x : 0 <= p <= 1 -> 0 < x -> ln (1 - p + p * exp x) - p * x <= divergence_curve x.
Proof.
  intros Hp Hx. pose proof (exp_ineq1 x ltac:(lra)) as Hx1. set (z := (exp x - 1) / x).
  assert (Hz : 0 < z) by (apply Rdiv_lt_0_compat; lra).
  assert (Hq : 0 < (1 - p + p * exp x) / z) by (apply Rdiv_lt_0_compat; nra).
  pose proof (ln_le_minus_1 _ Hq) as L.
  unfold Rdiv in L at 1. rewrite ln_mult, ln_Rinv in L by (try apply Rinv_0_lt_compat; nra).
  unfold divergence_curve. fold z.
  replace ((1 - p + p * exp x) / z) with (x / (exp x - 1) + p * x) in L by (unfold z; field; lra). lra.
Qed.

(** ... which is attained, and so at most [x^2 / 8]. *)
Lemma two_points_attained x : 0 < x -> let p := / x - / (exp x - 1) in
  0 <= p <= 1 /\ ln (1 - p + p * exp x) - p * x = divergence_curve x.
Proof.
  intros Hx p. pose proof (exp_ineq1 x ltac:(lra)) as Hx1.
  pose proof (exp_tangent x 0) as T. rewrite exp_0 in T.
  split; [split|].
  - apply Rmult_le_reg_r with (x * (exp x - 1)); [apply Rmult_lt_0_compat; lra|].
    replace (p * (x * (exp x - 1))) with (exp x - 1 - x) by (unfold p; field; lra). lra.
  - apply Rmult_le_reg_r with (x * (exp x - 1)); [apply Rmult_lt_0_compat; lra|].
    replace (p * (x * (exp x - 1))) with (exp x - 1 - x) by (unfold p; field; lra). nra.
  - unfold divergence_curve. replace (1 - p + p * exp x) with ((exp x - 1) / x) by (unfold p; field; lra).
    unfold p. field. lra.
Qed.

Theorem divergence_curve_bound x : 0 < x -> divergence_curve x <= x * x / 8.
Proof.
  intros Hx. destruct (two_points_attained x Hx) as [Hp <-]. apply two_points; [exact Hp|lra].
Qed.

Section Responses.
Context {B : Type} (l : list B).
Hypothesis Hl : l <> [].
Variable eta : R.
Hypothesis Heta : 0 < eta.
Variables q q' : B -> R.
Let p := quantal l eta q.
Let p' := quantal l eta q'.
Let D b := q' b - q b.
Let delta b := D b - mean p D l.

Lemma response_ratio b : p' b = p b * exp (eta * (D b - (soft_value l eta q' - soft_value l eta q))).
Proof.
  pose proof (partition_pos l Hl eta q) as HZ. pose proof (partition_pos l Hl eta q') as HZ'.
  unfold p, p', quantal, soft_value, D.
  replace (eta * (q' b - q b - (/ eta * ln (partition l eta q') - / eta * ln (partition l eta q))))
    with (eta * q' b + (- (eta * q b) + (ln (partition l eta q) - ln (partition l eta q')))) by (field; lra).
  rewrite !exp_plus. replace (ln (partition l eta q) - ln (partition l eta q'))
    with (ln (partition l eta q) + - ln (partition l eta q')) by ring.
  rewrite exp_plus, !exp_Ropp, !exp_ln by assumption.
  pose proof (exp_pos (eta * q b)). field. repeat split; lra.
Qed.

(** C2: the divergence is [ln E_p e^(eta delta)]. *)
Theorem divergence_mean : kl l p p' = ln (mean p (fun b => exp (eta * delta b)) l).
Proof.
  pose proof (divergence_identity l Hl eta Heta q q') as K. fold p p' D in K.
  destruct (quantal_simplex l Hl eta q') as [_ S1]. fold p' in S1.
  set (m := mean p D l) in *. set (v := soft_value l eta q' - soft_value l eta q) in *.
  rewrite (mean_ext p _ (fun b => exp (eta * (v - m)) * exp (eta * (D b - v)))).
  2:{ intros b _. rewrite <- exp_plus. f_equal. unfold delta. fold m. ring. }
  rewrite mean_scale. replace (mean p (fun b => exp (eta * (D b - v))) l) with 1.
  2:{ rewrite <- S1. apply rsum_ext. intros b _. apply response_ratio. }
  rewrite Rmult_1_r, ln_exp, K. reflexivity.
Qed.

Theorem divergence_nonnegative : 0 <= kl l p p'.
Proof.
  apply kl_nonneg; [now apply quantal_simplex|apply (quantal_simplex l Hl)|].
  intros b _. now apply quantal_pos.
Qed.

(** The mean of [e^(eta delta)] is at most that of two points at the ends of the range of [D]. *)
Lemma divergence_two_points low span : 0 < span -> (forall b, In b l -> low <= D b <= low + span) ->
  exists t, 0 <= t <= 1 /\
    kl l p p' <= ln (1 - t + t * exp (eta * span)) - t * (eta * span).
Proof.
  intros Hs H. pose proof (quantal_simplex l Hl eta q) as Hp. fold p in Hp.
  set (m := mean p D l). exists ((m - low) / span).
  assert (Hm : low <= m <= low + span).
  { split; [apply mean_lower|apply mean_upper]; try assumption; intros b Hb; apply (H b Hb). }
  assert (Ht : 0 <= (m - low) / span <= 1).
  { split; apply Rmult_le_reg_r with span; try assumption;
      replace ((m - low) / span * span) with (m - low) by (field; lra); lra. }
  split; [exact Ht|]. rewrite divergence_mean. set (t := (m - low) / span) in *.
  set (x := eta * span). assert (Hx : 0 < x) by (apply Rmult_lt_0_compat; assumption).
  rewrite <- (ln_exp (t * x)). pose proof (exp_pos x) as Hex.
  assert (Hpos : 0 < 1 - t + t * exp x).
  { destruct (Req_dec t 0) as [->|]; [lra|]. assert (0 < t * exp x) by (apply Rmult_lt_0_compat; lra). lra. }
  replace (ln (1 - t + t * exp x) - ln (exp (t * x))) with (ln ((1 - t + t * exp x) * exp (- (t * x)))).
  2:{ rewrite ln_mult, !ln_exp by (assumption || apply exp_pos). ring. }
  apply ln_mono; [apply mean_positive; [assumption|intros; apply exp_pos]|].
  apply Rle_trans with (mean p (fun b => exp (- (t * x)) * (1 + (exp x - 1) / span * (D b - low))) l).
  - apply mean_le; [apply Hp|]. intros b Hb. specialize (H b Hb).
    replace (exp (eta * delta b)) with (exp (- (t * x)) * exp (eta * (D b - low))).
    2:{ rewrite <- exp_plus. f_equal. unfold delta, t, x. fold m. field. lra. }
    apply Rmult_le_compat_l; [apply Rlt_le, exp_pos|].
    pose proof (exp_chord 0 x (eta * (D b - low)) Hx) as C. rewrite exp_0 in C.
    assert (0 <= eta * (D b - low) <= x) by (unfold x; split; [apply Rmult_le_pos|apply Rmult_le_compat_l]; lra).
    specialize (C H0). apply Rmult_le_reg_r with x; [assumption|].
    replace ((1 + (exp x - 1) / span * (D b - low)) * x) with
      ((x - eta * (D b - low)) * 1 + (eta * (D b - low) - 0) * exp x) by (unfold x; field; lra). lra.
  - right. rewrite mean_scale, mean_plus, mean_scale, mean_minus, !mean_const by apply Hp. fold m.
    unfold t. field. lra.
Qed.

(** C2, sharp, and its quadratic bound. *)
Theorem divergence_sharp low span : 0 < span -> (forall b, In b l -> low <= D b <= low + span) ->
  kl l p p' <= divergence_curve (eta * span).
Proof.
  intros Hs H. destruct (divergence_two_points low span Hs H) as (t & Ht & K).
  eapply Rle_trans; [exact K|]. apply two_points_sharp; [exact Ht|now apply Rmult_lt_0_compat].
Qed.

Theorem divergence_bound low span : 0 <= span -> (forall b, In b l -> low <= D b <= low + span) ->
  kl l p p' <= eta * eta * (span * span) / 8.
Proof.
  intros [Hs|<-] H.
  - destruct (divergence_two_points low span Hs H) as (t & Ht & K).
    eapply Rle_trans; [exact K|].
    replace (eta * eta * (span * span) / 8) with (eta * span * (eta * span) / 8) by field.
    apply two_points; [exact Ht|apply Rlt_le; now apply Rmult_lt_0_compat].
  - pose proof (quantal_simplex l Hl eta q) as Hp. fold p in Hp.
    assert (Em : mean p D l = low).
    { rewrite (mean_ext p D (fun _ => low)) by (intros b Hb; specialize (H b Hb); lra).
      apply mean_const, Hp. }
    rewrite divergence_mean. rewrite (mean_ext p _ (fun _ => 1)).
    + rewrite mean_const by apply Hp. rewrite ln_1. lra.
    + intros b Hb. specialize (H b Hb). unfold delta. rewrite Em.
      replace (D b) with low by lra. rewrite Rminus_diag_eq, Rmult_0_r, exp_0; reflexivity.
Qed.

(** ** C4: the 1-norm, by the positive part of [delta] *)
Definition positive (z : R) : R := Rmax z 0.

Lemma response_increase b : p' b - p b <= p b * positive (exp (eta * delta b) - 1).
Proof.
  pose proof divergence_nonnegative as K. unfold p, p' in K. rewrite divergence_identity in K by assumption.
  fold p D in K. rewrite response_ratio. pose proof (quantal_pos l Hl eta q b) as Hp. fold p in Hp.
  apply Rle_trans with (p b * (exp (eta * delta b) - 1)).
  - assert (exp (eta * (D b - (soft_value l eta q' - soft_value l eta q))) <= exp (eta * delta b)).
    { apply exp_mono. unfold delta. apply Rmult_le_compat_l; [lra|].
      assert (0 <= soft_value l eta q' - soft_value l eta q - mean p D l); [|lra].
      apply Rmult_le_reg_l with eta; [assumption|]. rewrite Rmult_0_r. exact K. }
    nra.
  - apply Rmult_le_compat_l; [lra|apply Rmax_l].
Qed.

(** A change of a distribution: the 1-norm is twice the sum of the increases. *)
Lemma norm_of_increases (f g : B -> R) (inc : B -> R) : rsum f l = rsum g l ->
  (forall b, In b l -> f b - g b <= inc b /\ 0 <= inc b) -> rsum (fun b => Rabs (f b - g b)) l <= 2 * rsum inc l.
Proof.
  intros E H. apply Rle_trans with (rsum (fun b => 2 * inc b - (f b - g b)) l).
  - apply rsum_le. intros b Hb. destruct (H b Hb). unfold Rabs; destruct Rcase_abs; lra.
  - rewrite rsum_minus, rsum_scale, rsum_minus, E. lra.
Qed.

Lemma response_norm (inc : B -> R) : (forall b, In b l -> 0 <= delta b -> exp (eta * delta b) - 1 <= inc b) ->
  (forall b, In b l -> 0 <= inc b) -> rsum (fun b => Rabs (p' b - p b)) l <= 2 * mean p inc l.
Proof.
  intros Hi H0. apply norm_of_increases.
  - transitivity 1; [|symmetry]; apply (quantal_simplex l Hl).
  - intros b Hb. pose proof (quantal_pos l Hl eta q b) as Hp. fold p in Hp. specialize (H0 b Hb). split.
    + eapply Rle_trans; [apply response_increase|]. apply Rmult_le_compat_l; [lra|].
      apply Rmax_lub; [|exact H0]. destruct (Rle_dec 0 (delta b)) as [Hd|Hd]; [now apply Hi|].
      assert (exp (eta * delta b) <= exp 0) by (apply exp_mono; nra). rewrite exp_0 in H. lra.
    + apply Rmult_le_pos; lra.
Qed.

(** The mean of [delta] is 0, so that of its positive part is half that of its absolute value. *)
Lemma mean_delta : mean p delta l = 0.
Proof.
  unfold delta. rewrite mean_minus, mean_const by apply (quantal_simplex l Hl). ring.
Qed.

Lemma mean_positive_part : 2 * mean p (fun b => positive (delta b)) l = mean p (fun b => Rabs (delta b)) l.
Proof.
  rewrite (mean_ext p (fun b => positive (delta b)) (fun b => / 2 * (Rabs (delta b) + delta b))).
  - rewrite mean_scale, mean_plus, mean_delta. field.
  - intros b _. unfold positive, Rmax, Rabs. destruct Rle_dec, Rcase_abs; lra.
Qed.

(** C4a. *)
Theorem response_first_order top : 0 < top -> (forall b, In b l -> delta b <= top) ->
  rsum (fun b => Rabs (p' b - p b)) l
    <= (exp (eta * top) - 1) / (eta * top) * (eta * mean p (fun b => Rabs (delta b)) l).
Proof.
  intros Ht H. set (mu := eta * top). assert (Hmu : 0 < mu) by (apply Rmult_lt_0_compat; assumption).
  pose proof (exp_ineq1 mu ltac:(lra)) as He. rewrite <- mean_positive_part.
  replace ((exp mu - 1) / mu * (eta * (2 * mean p (fun b => positive (delta b)) l)))
    with (2 * mean p (fun b => (exp mu - 1) / mu * eta * positive (delta b)) l) by (rewrite mean_scale; ring).
  apply response_norm.
  - intros b Hb Hd. specialize (H b Hb). unfold positive. rewrite Rmax_left by assumption.
    pose proof (exp_chord 0 mu (eta * delta b) Hmu) as C. rewrite exp_0 in C.
    assert (0 <= eta * delta b <= mu) by (unfold mu; split; [apply Rmult_le_pos|apply Rmult_le_compat_l]; lra).
    specialize (C H0). apply Rmult_le_reg_r with mu; [assumption|].
    replace ((exp mu - 1) / mu * eta * delta b * mu) with ((exp mu - 1) * (eta * delta b)) by (field; lra). nra.
  - intros b _. apply Rmult_le_pos; [|apply Rmax_r]. apply Rmult_le_pos; [|lra].
    apply Rlt_le, Rdiv_lt_0_compat; lra.
Qed.

(** C4b. *)
Theorem response_second_order top : 0 <= top -> (forall b, In b l -> delta b <= top) ->
  rsum (fun b => Rabs (p' b - p b)) l
    <= eta * mean p (fun b => Rabs (delta b)) l
       + eta * eta * exp (eta * top) * mean p (fun b => delta b * delta b) l.
Proof.
  intros Ht H. pose proof (exp_pos (eta * top)) as He.
  pose proof (response_norm (fun b => eta * positive (delta b)
    + eta * eta * exp (eta * top) / 2 * (delta b * delta b))) as N.
  rewrite mean_plus, !mean_scale in N. rewrite <- mean_positive_part.
  eapply Rle_trans; [apply N|right; field].
  - intros b Hb Hd. specialize (H b Hb). unfold positive. rewrite Rmax_left by assumption.
    pose proof (exp_second_order (eta * delta b) ltac:(apply Rmult_le_pos; lra)) as E.
    assert (exp (eta * delta b) <= exp (eta * top)) by (apply exp_mono, Rmult_le_compat_l; lra).
    pose proof (Rle_0_sqr (eta * delta b)) as Q. unfold Rsqr in Q.
    assert (eta * delta b * (eta * delta b) * exp (eta * delta b) <= eta * delta b * (eta * delta b) * exp (eta * top))
      by (apply Rmult_le_compat_l; assumption).
    lra.
  - intros b _. apply Rplus_le_le_0_compat.
    + apply Rmult_le_pos; [lra|apply Rmax_r].
    + pose proof (Rle_0_sqr (delta b)) as Q. unfold Rsqr in Q. apply Rmult_le_pos; [|assumption].
      assert (0 <= eta * eta) by nra. assert (0 <= eta * eta * exp (eta * top)) by (apply Rmult_le_pos; lra). lra.
Qed.
End Responses.

(** C1c, Pinsker: [2 TV^2 <= KL], where the sum of distances is [2 TV]. The Gibbs principle with rewards
    [ln nu + t] where [mu] exceeds [nu], Hoeffding's lemma, and the best [t]. *)
Section Pinsker.
Context {B : Type} (l : list B).

Theorem pinsker (mu nu : B -> R) : simplex mu l -> simplex nu l -> (forall b, In b l -> 0 < nu b) ->
  rsum (fun b => Rabs (mu b - nu b)) l * rsum (fun b => Rabs (mu b - nu b)) l / 2 <= kl l mu nu.
Proof.
  intros Hmu Hnu Hpos. pose proof (simplex_nonempty mu l Hmu) as Hl.
  set (g := fun b => if Rlt_dec (nu b) (mu b) then 1 else 0).
  assert (Hg : forall b, 0 <= g b <= 1) by (intros b; unfold g; destruct (Rlt_dec (nu b) (mu b)); lra).
  set (p := mean nu g l). set (x := mean mu g l - p).
  assert (Hp : 0 <= p <= 1) by (split; [apply mean_lower|apply mean_upper]; intros; try assumption; apply Hg).
  assert (Ed : rsum (fun b => Rabs (mu b - nu b)) l = 2 * x).
  { rewrite (rsum_ext _ (fun b => 2 * (mu b * g b - nu b * g b) - (mu b - nu b))).
    - rewrite rsum_minus, rsum_scale, rsum_minus, rsum_minus, (proj2 Hmu), (proj2 Hnu). unfold x, p, mean. ring.
    - intros b _. unfold g, Rabs. destruct (Rlt_dec (nu b) (mu b)); destruct (Rcase_abs _); lra. }
  assert (Hx : 0 <= x).
  { assert (0 <= rsum (fun b => Rabs (mu b - nu b)) l) by (apply rsum_nonneg; intros; apply Rabs_pos). lra. }
  set (t := 4 * x). pose proof (gibbs_upper l Hl 1 Rlt_0_1 (fun b => ln (nu b) + t * g b) mu Hmu) as G.
  unfold soft_value, partition in G.
  rewrite (rsum_ext (fun b => exp (1 * (ln (nu b) + t * g b))) (fun b => nu b + (exp t - 1) * (nu b * g b))) in G.
  2:{ intros b Hb. rewrite Rmult_1_l, exp_plus, exp_ln by now apply Hpos.
      unfold g. destruct (Rlt_dec (nu b) (mu b)); rewrite ?Rmult_1_r, ?Rmult_0_r, ?exp_0; ring. }
  rewrite rsum_plus, rsum_scale, (proj2 Hnu) in G.
  change (rsum (fun b => nu b * g b) l) with p in G.
  pose proof (two_points p t Hp ltac:(unfold t; lra)) as H.
  replace (1 + (exp t - 1) * p) with (1 - p + p * exp t) in G by ring.
  rewrite mean_plus, mean_scale in G. unfold entropy in G. rewrite Rinv_1, Rmult_1_l in G.
  assert (Ek : kl l mu nu = rsum (fun b => mu b * ln (mu b)) l - mean mu (fun b => ln (nu b)) l).
  { unfold kl, mean. rewrite <- rsum_minus. apply rsum_ext. intros; ring. }
  assert (Em : mean mu g l = x + p) by (unfold x; ring). rewrite Em in G.
  rewrite Ed, Ek. unfold t in *. unfold Rdiv in *. rewrite Rinv_1 in G. nra.
Qed.
End Pinsker.
