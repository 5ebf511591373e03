(** The quantal response: Gibbs variational principle, log-sum-exp and quantal bounds.
    Coq's [ln] is 0 at 0, and 0 * _ = 0, so 0 ln 0 = 0 needs no special case. *)
From Coq Require Import Reals List Lra Lia Psatz.
From ExactQSE Require Import Sums.
Import ListNotations.
Open Scope R_scope.

Section Gibbs.
Context {B : Type} (l : list B).
Hypothesis Hl : l <> [].
Variable eta : R.
Hypothesis Heta : 0 < eta.

Definition partition (q : B -> R) : R := rsum (fun b => exp (eta * q b)) l.
Definition soft_value (q : B -> R) : R := / eta * ln (partition q).
Definition quantal (q : B -> R) (b : B) : R := exp (eta * q b) / partition q.
Definition entropy (nu : B -> R) : R := - rsum (fun b => nu b * ln (nu b)) l.
Definition kl (nu p : B -> R) : R := rsum (fun b => nu b * (ln (nu b) - ln (p b))) l.

Lemma partition_pos q : 0 < partition q.
Proof. apply rsum_pos; [assumption|]. intros; apply exp_pos. Qed.

Lemma quantal_pos q b : 0 < quantal q b.
Proof. apply Rdiv_lt_0_compat; [apply exp_pos|apply partition_pos]. Qed.

Lemma quantal_simplex q : simplex (quantal q) l.
Proof.
  split; [intros; apply Rlt_le, quantal_pos|].
  unfold quantal, Rdiv. rewrite rsum_scale_r. fold (partition q).
  pose proof (partition_pos q). field; lra.
Qed.

Lemma ln_quantal q b : ln (quantal q b) = eta * q b - ln (partition q).
Proof.
  pose proof (partition_pos q) as HZ. unfold quantal, Rdiv.
  rewrite ln_mult, ln_exp, ln_Rinv; try assumption; [ring|apply exp_pos|].
  now apply Rinv_0_lt_compat.
Qed.

(** The gap of any mixed answer is exactly its KL divergence from the quantal, over eta. *)
Theorem gibbs_identity q nu : simplex nu l ->
  soft_value q - (mean nu q l + entropy nu / eta) = kl nu (quantal q) / eta.
Proof.
  intros [_ H1]. unfold soft_value, entropy, kl.
  rewrite (rsum_ext (fun b => nu b * (ln (nu b) - ln (quantal q b)))
             (fun b => nu b * ln (nu b) - eta * (nu b * q b) + nu b * ln (partition q)))
    by (intros; rewrite ln_quantal; ring).
  rewrite rsum_plus, rsum_minus, rsum_scale, rsum_scale_r, H1.
  unfold mean. field. lra.
Qed.

Lemma kl_term nu p : 0 <= nu -> 0 < p -> nu - p <= nu * (ln nu - ln p).
Proof.
  intros [Hn|<-] Hp; [|rewrite Rmult_0_l; lra].
  assert (E : ln p - ln nu <= p / nu - 1).
  { replace (ln p - ln nu) with (ln (p / nu)).
    - apply ln_le_minus_1, Rdiv_lt_0_compat; assumption.
    - unfold Rdiv. rewrite ln_mult, ln_Rinv; auto using Rinv_0_lt_compat; lra. }
  apply Rmult_le_compat_l with (r := nu) in E; [|lra].
  replace (nu * (p / nu - 1)) with (p - nu) in E by (field; lra). lra.
Qed.

Lemma kl_nonneg nu p : simplex nu l -> rsum p l = 1 -> (forall b, In b l -> 0 < p b) ->
  0 <= kl nu p.
Proof.
  intros [Hn H1] Hp1 Hp. apply Rle_trans with (rsum (fun b => nu b - p b) l).
  - rewrite rsum_minus. lra.
  - apply rsum_le; intros; apply kl_term; auto.
Qed.

(** The principle: no distribution does better ... *)
Theorem gibbs_upper q nu : simplex nu l -> mean nu q l + entropy nu / eta <= soft_value q.
Proof.
  intros H. pose proof (gibbs_identity q nu H) as E.
  assert (0 <= kl nu (quantal q) / eta).
  { apply Rmult_le_pos; [|apply Rlt_le, Rinv_0_lt_compat, Heta].
    apply kl_nonneg; [assumption|apply quantal_simplex|intros; apply quantal_pos]. }
  lra.
Qed.

(** ... the response attains it ... *)
Theorem gibbs_attained q : mean (quantal q) q l + entropy (quantal q) / eta = soft_value q.
Proof.
  pose proof (gibbs_identity q _ (quantal_simplex q)) as E.
  replace (kl (quantal q) (quantal q)) with 0 in E; [unfold Rdiv in E at 2; lra|].
  unfold kl. rewrite (rsum_ext _ (fun _ => 0)) by (intros; ring). now rewrite rsum_zero.
Qed.

(** ... and nothing else does. *)
Lemma kl_term_strict nu p : 0 <= nu -> 0 < p -> nu <> p -> nu - p < nu * (ln nu - ln p).
Proof.
  intros [Hn|<-] Hp Hne; [|rewrite Rmult_0_l; lra].
  assert (Hq : 0 < p / nu) by (apply Rdiv_lt_0_compat; assumption).
  assert (E : ln p - ln nu < p / nu - 1).
  { replace (ln p - ln nu) with (ln (p / nu))
      by (unfold Rdiv; rewrite ln_mult, ln_Rinv; auto using Rinv_0_lt_compat; lra).
    pose proof (exp_ineq1 (ln (p / nu))) as I. rewrite exp_ln in I by assumption.
    assert (ln (p / nu) <> 0); [|specialize (I H); lra].
    intros L. rewrite <- ln_1 in L. apply ln_inv in L; try lra.
    apply Hne. replace p with (p / nu * nu) by (field; lra). rewrite L; ring. }
  apply Rmult_lt_compat_l with (r := nu) in E; [|lra].
  replace (nu * (p / nu - 1)) with (p - nu) in E by (field; lra). lra.
Qed.

Lemma rsum_eq_terms (f g : B -> R) m : (forall b, In b m -> f b <= g b) ->
  rsum g m <= rsum f m -> forall b, In b m -> f b = g b.
Proof.
  induction m as [|a t IH]; simpl; intros H Hs b; [tauto|].
  assert (rsum f t <= rsum g t) by (apply rsum_le; auto).
  assert (f a <= g a) by auto.
  intros [<-|Hb]; [lra|]. apply IH; auto. lra.
Qed.

Theorem gibbs_unique q nu : simplex nu l -> mean nu q l + entropy nu / eta = soft_value q ->
  forall b, In b l -> nu b = quantal q b.
Proof.
  intros H E b Hb. pose proof (gibbs_identity q nu H) as I.
  destruct H as [Hn H1]. destruct (quantal_simplex q) as [_ Hs].
  assert (K : kl nu (quantal q) <= 0).
  { replace (kl nu (quantal q)) with (kl nu (quantal q) / eta * eta) by (field; lra).
    rewrite <- I, E. lra. }
  destruct (Req_dec (nu b) (quantal q b)) as [|Hne]; [assumption|exfalso].
  assert (T : nu b - quantal q b = nu b * (ln (nu b) - ln (quantal q b))).
  { apply (rsum_eq_terms (fun b => nu b - quantal q b)
             (fun b => nu b * (ln (nu b) - ln (quantal q b))) l); [|rewrite rsum_minus; unfold kl in K; lra|assumption].
    intros; apply kl_term; auto using quantal_pos. }
  pose proof (kl_term_strict (nu b) (quantal q b) (Hn b Hb) (quantal_pos q b) Hne). lra.
Qed.

(** ** The soft value: monotone, commutes with shifts, nonexpansive in the sup norm (C6) *)
Lemma soft_value_monotone q q' : (forall b, In b l -> q b <= q' b) -> soft_value q <= soft_value q'.
Proof.
  intros H. apply Rmult_le_compat_l; [apply Rlt_le, Rinv_0_lt_compat, Heta|].
  apply ln_mono; [apply partition_pos|]. apply rsum_le. intros b Hb.
  apply exp_mono, Rmult_le_compat_l; [lra|auto].
Qed.

Lemma soft_value_shift q c : soft_value (fun b => q b + c) = soft_value q + c.
Proof.
  unfold soft_value, partition.
  rewrite (rsum_ext _ (fun b => exp (eta * c) * exp (eta * q b)))
    by (intros; rewrite <- exp_plus; f_equal; ring).
  rewrite rsum_scale, ln_mult, ln_exp; [field; lra|apply exp_pos|apply partition_pos].
Qed.

Theorem soft_value_nonexpansive q q' M : (forall b, In b l -> Rabs (q b - q' b) <= M) ->
  Rabs (soft_value q - soft_value q') <= M.
Proof.
  intros H. apply Rabs_le. 
  assert (soft_value q <= soft_value q' + M).
  { rewrite <- soft_value_shift. apply soft_value_monotone. intros b Hb. specialize (H b Hb).
    unfold Rabs in H; destruct Rcase_abs in H; lra. }
  assert (soft_value q' <= soft_value q + M).
  { rewrite <- soft_value_shift. apply soft_value_monotone. intros b Hb. specialize (H b Hb).
    unfold Rabs in H; destruct Rcase_abs in H; lra. }
  lra.
Qed.

(** It is at least every value, and exceeds the largest by at most [ln |B| / eta] (C6). *)
Theorem soft_value_above q b : In b l -> q b <= soft_value q.
Proof.
  intros Hb. apply Rmult_le_reg_l with eta; [assumption|]. unfold soft_value.
  rewrite <- Rmult_assoc, Rinv_r, Rmult_1_l by lra. rewrite <- (ln_exp (eta * q b)).
  apply ln_mono; [apply exp_pos|]. unfold partition. clear Hl. induction l as [|a t IH]; [easy|].
  simpl. assert (0 <= rsum (fun b => exp (eta * q b)) t) by (apply rsum_nonneg; intros; apply Rlt_le, exp_pos).
  destruct Hb as [->|Hb]; [lra|]. specialize (IH Hb). pose proof (exp_pos (eta * q a)). lra.
Qed.

Lemma rsum_one (m : list B) : rsum (fun _ => 1) m = INR (length m).
Proof. induction m as [|a t IH]; [reflexivity|]. cbn [rsum length]. rewrite IH, S_INR. ring. Qed.

Theorem soft_value_below q M : (forall b, In b l -> q b <= M) -> soft_value q <= M + ln (INR (length l)) / eta.
Proof.
  intros HM. apply Rle_trans with (soft_value (fun _ => M)); [now apply soft_value_monotone|].
  assert (Hn : 0 < INR (length l)) by (apply lt_0_INR; destruct l; [easy|simpl; lia]).
  unfold soft_value, partition. rewrite (rsum_ext _ (fun _ => exp (eta * M) * 1)) by (intros; ring).
  rewrite rsum_scale, rsum_one, ln_mult, ln_exp by (assumption || apply exp_pos). right. field. lra.
Qed.

(** The divergence between two responses is what the value gains beyond its first-order change (C2). *)
Theorem divergence_identity q q' : kl (quantal q) (quantal q') =
  eta * (soft_value q' - soft_value q - mean (quantal q) (fun b => q' b - q b) l).
Proof.
  pose proof (gibbs_identity q' _ (quantal_simplex q)) as I. pose proof (gibbs_attained q) as A.
  rewrite mean_minus.
  replace (kl (quantal q) (quantal q')) with (eta * (kl (quantal q) (quantal q') / eta)) by (field; lra).
  rewrite <- I, <- A. ring.
Qed.

(** C8, values: the follower's value changes by the mean change of his action values, plus a divergence. *)
Corollary value_difference q q' :
  soft_value q' - soft_value q = mean (quantal q) (fun b => q' b - q b) l + kl (quantal q) (quantal q') / eta.
Proof. rewrite divergence_identity. field. lra. Qed.
End Gibbs.
